"""cli: `leadline`, the command line client. Everything it does goes through gRPC."""
