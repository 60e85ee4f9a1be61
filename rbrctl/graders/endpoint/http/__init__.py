"""HTTP/1.1 to one endpoint: addresses, connections, transports, and what a server may send."""
