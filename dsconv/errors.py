"""The one kind of error that a user sees: what is wrong, where, and what to do about it."""


class DsconvError(Exception):
    """A problem with the user's model, options or tools. The CLI prints it as one line."""


class ModelError(DsconvError):
    """The model file cannot be compiled: broken, dynamic or with an unsupported operation."""


class CapacityError(DsconvError):
    """A layer or the network does not fit the memory it is given."""


class ToolError(DsconvError):
    """A compiler or simulator is missing or failed."""
