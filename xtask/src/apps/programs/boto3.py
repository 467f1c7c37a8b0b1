"""Signs an address with the descriptions of services that botocore reads from its data folder."""
import boto3


def main():
    client = boto3.client("s3", region_name="eu-central-1", aws_access_key_id="key", aws_secret_access_key="secret")
    url = client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "a file"})
    print(url.split("?")[0], len(boto3.session.Session().get_available_services()) > 300)
