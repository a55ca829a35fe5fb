"""The pages: each says where it is, what it shows to whom, and when that changes."""
