"""Functions of AWS Lambda: releases as published versions, and an alias that says which is live."""
