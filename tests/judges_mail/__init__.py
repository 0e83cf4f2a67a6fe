"""Readers of e-mail from npm: postal-mime, which mail clients in browsers use, and nodemailer's mailparser."""
