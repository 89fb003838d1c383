"""The language: text in, typed nodes with positions or diagnostics out."""
