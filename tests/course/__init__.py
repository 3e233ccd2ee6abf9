"""The labs that users have, proved."""
