"""What people are told: e-mails, texts and calls, and what they say back."""
