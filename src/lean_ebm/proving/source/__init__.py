"""What Lean users write, read from tokens: binders, statements, and whole files (:func:`~.files.read_file`)."""
