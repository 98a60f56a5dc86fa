"""The errors that a user can meet: each text is one sentence that says what to do."""


class TendigitsError(Exception):
    """The root of the tree; the command line prints it in one line and exits with 2."""


class DataError(TendigitsError):
    """A data set is missing, damaged or of the wrong form."""


class RecipeError(TendigitsError):
    """A recipe or one of its settings is unknown or out of range."""


class RunError(TendigitsError):
    """A run folder is missing, damaged or already in use."""


class ModelError(TendigitsError):
    """A model file is missing, damaged or not the package's."""


class ReportError(TendigitsError):
    """A report is missing or damaged, or cannot be written where it should be."""


class PictureError(TendigitsError):
    """A picture is missing, damaged or over a limit."""


class ServerError(TendigitsError):
    """A server's setting, address or database will not do."""


class MissingExtraError(TendigitsError):
    """A verb needs libraries that come with one of the package's extras."""


class Interrupted(TendigitsError):  # noqa: N818 - it is no fault
    """Work was stopped by Ctrl-C; what is done stays."""


class TrainingInterrupted(Interrupted):
    """Training was stopped by Ctrl-C; the run can be resumed."""
