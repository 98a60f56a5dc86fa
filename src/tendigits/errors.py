"""The errors that users can cause; each message is one sentence that says what to do."""


class TendigitsError(Exception):
    """The base class; the command line prints the message in one line and exits with 2."""


class DataError(TendigitsError):
    """A data set is missing, damaged or in an unsupported format."""


class RecipeError(TendigitsError):
    """A recipe or a setting is unknown, or a value is invalid."""


class RunError(TendigitsError):
    """A run folder is missing, damaged or in use."""


class ModelError(TendigitsError):
    """A model file is missing, damaged or in an unsupported format."""


class ReportError(TendigitsError):
    """A report is missing or damaged, or cannot be written."""


class PictureError(TendigitsError):
    """A picture is missing, damaged or exceeds a limit."""


class ServerError(TendigitsError):
    """A setting, the address or the database of the server is invalid or not available."""


class MissingExtraError(TendigitsError):
    """A command needs libraries of one of the package's extras that is not installed."""


class Interrupted(TendigitsError):  # noqa: N818 - not an error of the user
    """Work was interrupted by Ctrl-C; finished parts are kept."""


class TrainingInterrupted(Interrupted):
    """Training was interrupted by Ctrl-C; the run can be resumed."""
