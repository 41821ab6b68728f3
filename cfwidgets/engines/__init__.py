"""The explainers: one file each, torch and numpy only; they know nothing of threads or widgets."""
