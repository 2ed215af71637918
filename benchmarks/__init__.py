"""Speed and accuracy, measured as ratios side by side in one run: ``make bench``."""
