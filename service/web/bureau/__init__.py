"""The bureau's pages: files decided and proposed, grants decided."""
