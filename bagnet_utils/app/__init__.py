"""The app: the patch explorer as a page of its own. Start it with `python3 course.py app`; docs/app.md tells more."""
