"""nbgrader's configuration for the exercises of the course: whatever nbgrader command runs in this folder obeys it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

c = get_config()  # noqa: F821 (nbgrader provides it)
c.CourseDirectory.course_id = "bagnet"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.ClearSolutions.code_stub = {"python": ""}  # the stub stands above the solution, and stays
c.Autograde.autograde_preprocessors = [
    "grading.Judged",  # in the place of nbgrader's Execute
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbconvert.preprocessors.sanitize.SanitizeHTML",  # no script of a hand-in runs in the teacher's browser
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.SanitizeHTML.enabled = True
c.OverwriteCells.add_missing_cells = True
c.Judged.timeout = 60  # seconds for one cell
c.Judged.startup_timeout = 60
c.Judged.patience = 300  # seconds for one hand-in
c.Judged.iopub_timeout = 30
