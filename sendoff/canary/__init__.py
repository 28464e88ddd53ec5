"""The comparison of a canary with its baseline; scipy, httpx and boto3 are imported only below."""
