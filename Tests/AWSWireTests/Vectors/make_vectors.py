#!/usr/bin/env python3
"""Writes signature-v4.json: requests and the headers that botocore signs them with.

Run it with botocore installed and commit what it writes:

    python3 make_vectors.py > signature-v4.json

The tests read the file and need no Python. The keys are AWS's documentation examples.
"""

import datetime
import json
import sys
from unittest import mock

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
ACM = "https://acm.us-east-1.amazonaws.com/"
JSON = [("Content-Type", "application/x-amz-json-1.1")]
TIME = "2026-11-23T21:36:51Z"


def vector(
    name, url=ACM, method="POST", headers=(), body="", region="us-east-1", service="acm",
    token=None, time=TIME, key=KEY, secret=SECRET,
):
    moment = datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ")
    request = AWSRequest(method=method, url=url, data=body.encode())
    for header, value in headers:
        request.headers.add_header(header, value)
    signer = botocore.auth.SigV4Auth(Credentials(key, secret, token), service, region)
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda: moment):
        signer.add_auth(request)
    added = ["X-Amz-Date", "X-Amz-Security-Token", "Authorization"]
    return {
        "name": name, "method": method, "url": url, "headers": [list(h) for h in headers],
        "body": body, "region": region, "service": service, "time": time, "key": key,
        "secret": secret, "token": token,
        "expected": [[n, request.headers[n]] for n in added if n in request.headers],
    }


def target(operation):
    return JSON + [("X-Amz-Target", operation)]


VECTORS = [
    vector("a list of certificates", headers=target("CertificateManager.ListCertificates"),
           body='{"Includes":{"keyTypes":["RSA_2048"]},"MaxItems":1000}'),
    vector("an update of a domain in another region",
           url="https://cognito-idp.eu-west-1.amazonaws.com/", region="eu-west-1",
           service="cognito-idp",
           headers=target("AWSCognitoIdentityProviderService.UpdateUserPoolDomain"),
           body='{"Domain":"auth.example.com"}'),
    vector("a session token", token=TOKEN, headers=target("CertificateManager.ListCertificates"),
           body="{}"),
    vector("an empty body", headers=JSON),
    vector("no header but what signing adds"),
    vector("a body beyond ASCII", headers=JSON, body='{"Name":"Grüße 😀 \u2028"}'),
    vector("a body with line breaks", headers=JSON, body='{\r\n\t"a": 1\n}'),
    vector("a large body", headers=JSON, body="x" * 10_000),
    vector("white space around and within header values",
           headers=[("X-Amz-Target", "  a   b \t c  "), ("X-Other", " "), ("X-Tab", "\ta\t")]),
    vector("header names in any case", headers=[("x-aMz-TARGET", "a"), ("ACCEPT-Encoding", "b")]),
    vector("headers that sort apart by case and hyphen",
           headers=[("X-Amz-B", "1"), ("X-AmzA", "2"), ("x-amz-a", "3"), ("X_Amz", "4")]),
    vector("one header twice", headers=[("X-Twice", "b"), ("X-Twice", "a")]),
    vector("headers that are never signed",
           headers=[("User-Agent", "cognito-certd/1"), ("Expect", "100-continue"),
                    ("Connection", "close"), ("Transfer-Encoding", "chunked"),
                    ("X-Amzn-Trace-Id", "Root=1-2-3"), ("TE", "trailers")]),
    vector("an explicit Host header", headers=[("Host", "other.example.com")]),
    vector("an unusual port", url="https://acm.us-east-1.amazonaws.com:8443/"),
    vector("plain HTTP on a port of its own", url="http://127.0.0.1:5000/", headers=JSON, body="{}"),
    vector("the scheme's port written out", url="https://acm.us-east-1.amazonaws.com:443/"),
    vector("plain HTTP's port written out", url="http://localhost:80/"),
    vector("an HTTP port on HTTPS", url="https://localhost:80/"),
    vector("an IPv6 address", url="http://[::1]:5000/"),
    vector("a host in capitals", url="https://ACM.us-east-1.AmazonAWS.com/"),
    vector("a path", url="https://proxy.example.com/aws/acm"),
    vector("a path with a slash at its end", url="https://proxy.example.com/aws/acm/"),
    vector("a path with dots and doubled slashes", url="https://proxy.example.com//a/./b/../c//"),
    vector("a path with percent signs and colons", url="https://proxy.example.com/a%20b/c:d/~e"),
    vector("no path at all", url="https://acm.us-east-1.amazonaws.com"),
    vector("a query", url="https://proxy.example.com/?b=2&a=1", method="GET"),
    vector("a query with empty, repeated and valueless names",
           url="https://proxy.example.com/x?b&a=2&a=1&c=&a-b=3&ab=4", method="GET"),
    vector("a query with encoded characters",
           url="https://proxy.example.com/?k=a%20b%2Fc%C3%BC&j=%7E~", method="GET"),
    vector("the form of the query protocol", url="https://sts.us-east-1.amazonaws.com/",
           service="sts",
           headers=[("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
           body="Action=GetCallerIdentity&Version=2011-06-15"),
    vector("the first second of a year", time="2027-01-01T00:00:00Z"),
    vector("a leap day", time="2028-02-29T23:59:59Z"),
    vector("China", url="https://cognito-idp.cn-north-1.amazonaws.com.cn/", region="cn-north-1",
           service="cognito-idp", headers=JSON, body="{}"),
    vector("the example of AWS's own documentation", method="GET", service="iam", key=KEY,
           url="https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
           headers=[("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
           time="2015-08-30T12:36:00Z"),
]

json.dump({"botocore": botocore.__version__, "vectors": VECTORS}, sys.stdout, indent=1)
print()
