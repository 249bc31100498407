"""From a model file to a folder of C: the pipeline of passes and what drives it."""
