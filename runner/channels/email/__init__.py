"""Email: sending by SMTP, reading by IMAP, and knowing what came back."""
