"""Stands in for yarn: makes dist out of what is beside it."""

import pathlib

page = pathlib.Path("index.html.in").read_text().replace("@TITLE@", "Gatekeeper")
pathlib.Path("dist").mkdir()
pathlib.Path("dist/index.html").write_text(page)
