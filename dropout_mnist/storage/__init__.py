"""Write files safely."""
