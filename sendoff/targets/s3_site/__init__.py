"""Static sites in S3: releases under prefixes, manifests that seal them, and a pointer to the live one."""
