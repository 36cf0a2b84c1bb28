"""Reads Lean source from tokens: binders, statements, and whole files (:func:`~.files.read_file`)."""
