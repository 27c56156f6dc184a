"""Figures and contact sheets of a package on worlds it has not seen."""
