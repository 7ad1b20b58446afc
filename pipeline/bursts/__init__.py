"""`signup_bursts`: five minutes in which a key saw more sign-ups than its own past explains."""
