"""Contact forms: find, understand, fill, submit, and know whether it worked."""
