"""intake: takes leads, has the chain decide them, settles each decision in one transaction."""
