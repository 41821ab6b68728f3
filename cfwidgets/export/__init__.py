"""Pages: an explorer as one HTML file, which plays from disk, and where its network travels with it answers."""
