"""A real JupyterLab in a real Chromium: what the fixtures of the browser tests are made of."""
