"""Objects in S3, or in what speaks its protocol; boto3 is imported only below, by who opens a bucket."""
