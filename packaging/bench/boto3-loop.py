"""What a user would write instead of the daemon: a loop with boto3 that keeps its clients.

Usage: boto3-loop.py ENDPOINT FLEET. FLEET is a JSON file with the accounts, each with its keys and
its domains. Each line on standard input asks for one pass; when it is over, a line on standard
output has the number of its calls. The first pass creates the clients.

A pass lists the certificates of every account, with all key types, and describes every domain, on
16 threads that take one account at a time. One session makes all clients, so that the models of
the services are read once.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3

THREADS = 16
KEY_TYPES = [
    "RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096",
    "EC_prime256v1", "EC_secp384r1", "EC_secp521r1",
]


class Account:
    def __init__(self, session, endpoint, fields):
        keys = {
            "endpoint_url": endpoint,
            "aws_access_key_id": fields["access_key_id"],
            "aws_secret_access_key": fields["secret_access_key"],
        }
        self.acm = session.client("acm", region_name="us-east-1", **keys)
        self.cognito = session.client("cognito-idp", region_name="eu-west-1", **keys)
        self.domains = fields["domains"]

    def look(self):
        """Lists the certificates and describes the domains; returns the number of calls."""
        calls = 1
        answer = self.acm.list_certificates(Includes={"keyTypes": KEY_TYPES})
        certificates = answer["CertificateSummaryList"]
        while "NextToken" in answer:
            calls += 1
            answer = self.acm.list_certificates(
                Includes={"keyTypes": KEY_TYPES}, NextToken=answer["NextToken"])
            certificates += answer["CertificateSummaryList"]
        known = {certificate["CertificateArn"] for certificate in certificates}
        for domain in self.domains:
            calls += 1
            description = self.cognito.describe_user_pool_domain(Domain=domain)
            attached = description["DomainDescription"]["CustomDomainConfig"]["CertificateArn"]
            if attached not in known:
                raise SystemExit(f"{domain} has the unknown certificate {attached}")
        return calls


def main():
    endpoint, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        fleet = json.load(file)
    session = boto3.Session()
    accounts = None
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in sys.stdin:
            if accounts is None:
                # A session must not be used by several threads; its clients may.
                accounts = [Account(session, endpoint, fields) for fields in fleet]
            print(sum(pool.map(Account.look, accounts)), flush=True)


main()
