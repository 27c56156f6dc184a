"""Flow matching: sigma schedule, training rows and losses, sampler, cached rollout."""
