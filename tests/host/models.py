"""Models of the host project: where its own use of the encrypted fields is tested."""
