"""Notices: sellers are told by webhook what became of their leads."""
