"""The texts in other languages: catalogues in the format of gettext, and what keeps them true to the English.

`python -m tools.translations` says what there is to do; notebooks/locale/README.md is for translators.
"""
