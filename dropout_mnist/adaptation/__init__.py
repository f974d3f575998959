"""Learn one person's hand: fine-tune a trained network on a few of that person's digits."""
