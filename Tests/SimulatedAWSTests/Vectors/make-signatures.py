#!/usr/bin/env python3
"""Writes signatures.json: requests as botocore signs them, for the simulated AWS to judge.

Needs botocore. Run it beside the file; the output is the same every time.
"""

import datetime
import json
import pathlib

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

MOMENT = datetime.datetime(2026, 11, 23, 21, 36, 51, tzinfo=datetime.timezone.utc)
KEY = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None)
SESSION = ("ASIAEXAMPLE", "AnotherSecret/With+Signs=", "Token+With/Signs==")
JSON = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def frozen(*_args, **_kwargs):
    return MOMENT.replace(tzinfo=None)


botocore.auth.get_current_datetime = frozen


class FrozenDateTime(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return MOMENT.replace(tzinfo=None)


if hasattr(botocore.auth, "datetime"):
    botocore.auth.datetime = type("module", (), {"datetime": FrozenDateTime})


def signed(name, key, service, region, url, headers, body):
    request = AWSRequest(method="POST", url=url, headers=headers, data=body.encode())
    credentials = Credentials(*key)
    botocore.auth.SigV4Auth(credentials, service, region).add_auth(request)
    return {
        "name": name,
        "access_key_id": key[0],
        "secret_access_key": key[1],
        "session_token": key[2],
        "url": url,
        "headers": [[n, v] for n, v in request.headers.items()],
        "body": body,
    }


def target(operation):
    return {"Content-Type": JSON, "X-Amz-Target": operation}


cases = [
    signed(
        "a list of certificates", KEY, "acm", "us-east-1",
        "https://acm.us-east-1.amazonaws.com/",
        target("CertificateManager.ListCertificates"), '{"MaxItems":1000}'),
    signed(
        "a description with a session token", SESSION, "cognito-idp", "eu-west-1",
        "https://cognito-idp.eu-west-1.amazonaws.com/",
        target("AWSCognitoIdentityProviderService.DescribeUserPoolDomain"),
        '{"Domain":"auth.example.com"}'),
    signed(
        "a body beyond ASCII", KEY, "acm", "us-east-1",
        "http://127.0.0.1:4566/", target("CertificateManager.ListCertificates"),
        '{"MaxItems":1000,"Ünknown":"Straße ☂"}'),
    signed(
        "a form", SESSION, "sts", "us-east-1", "https://sts.amazonaws.com/",
        {"Content-Type": FORM}, "Action=GetCallerIdentity&Version=2011-06-15"),
    signed(
        "an endpoint without its last slash", KEY, "tagging", "us-east-1",
        "https://tagging.us-east-1.amazonaws.com",
        target("ResourceGroupsTaggingAPI_20170126.GetResources"),
        '{"ResourceTypeFilters":["acm:certificate"]}'),
    signed(
        "a header with runs of spaces", KEY, "acm", "us-east-1",
        "https://acm.us-east-1.amazonaws.com/",
        {**target("CertificateManager.ListCertificates"), "X-Amz-Meta": "  two   words  "},
        "{}"),
    signed(
        "a query whose parts need encoding", KEY, "acm", "us-east-1",
        "https://acm.us-east-1.amazonaws.com/?b=2&a=x%20y&a=%2F&c",
        target("CertificateManager.ListCertificates"), "{}"),
]

path = pathlib.Path(__file__).with_name("signatures.json")
text = json.dumps({"botocore": botocore.__version__, "cases": cases}, indent=2, ensure_ascii=False)
path.write_text(text + "\n")
