-- Which part of its photo a crop shows: it is wider than one network's input from now on.

ALTER TABLE faces ADD COLUMN crop_area JSON;
