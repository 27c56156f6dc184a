"""Time-boxed, resumable trainers: one command per stage."""
