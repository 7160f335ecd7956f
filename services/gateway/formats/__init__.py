"""One file per format a seller may post: bytes in, `PostedLead` out. Pure."""
