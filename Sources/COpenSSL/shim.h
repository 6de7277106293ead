#ifndef COGNITO_CERTD_COPENSSL_H
#define COGNITO_CERTD_COPENSSL_H
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>
/* For waits and time limits of handshakes. Swift's Glibc module does not include these. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

/* Certificates and TLS: OpenSSL's macros and variadic functions, as functions for Swift. */

static inline EVP_PKEY *cossl_new_ec_key(const char *curve) { return EVP_EC_gen(curve); }

static inline EVP_PKEY *cossl_new_rsa_key(size_t bits) { return EVP_RSA_gen(bits); }

/* The bytes of a memory BIO, which are valid as long as the BIO. */
static inline long cossl_bio_bytes(BIO *bio, const char **bytes) {
  return BIO_ctrl(bio, BIO_CTRL_INFO, 0, (void *)bytes);
}

// Writes a name as RFC 4514 has it, with control characters escaped and UTF-8 as it is.
static inline int cossl_print_name(BIO *bio, const X509_NAME *name) {
  unsigned long flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
  return X509_NAME_print_ex(bio, name, 0, flags) >= 0;
}

static inline int cossl_count_objects(X509_STORE *store) {
  return sk_X509_OBJECT_num(X509_STORE_get0_objects(store));
}

static inline void cossl_free(void *pointer) { OPENSSL_free(pointer); }

static inline STACK_OF(GENERAL_NAME) *cossl_new_general_names(void) {
  return sk_GENERAL_NAME_new_null();
}

static inline int cossl_push_general_name(STACK_OF(GENERAL_NAME) *names, GENERAL_NAME *name) {
  return sk_GENERAL_NAME_push(names, name);
}

static inline void cossl_free_general_names(STACK_OF(GENERAL_NAME) *names) {
  sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
}

static inline STACK_OF(X509) *cossl_new_certificates(void) { return sk_X509_new_null(); }

static inline int cossl_push_certificate(STACK_OF(X509) *certificates, X509 *certificate) {
  return sk_X509_push(certificates, certificate);
}

static inline int cossl_count_certificates(const STACK_OF(X509) *certificates) {
  return sk_X509_num(certificates);
}

static inline X509 *cossl_certificate_at(const STACK_OF(X509) *certificates, int index) {
  return index < sk_X509_num(certificates) ? sk_X509_value(certificates, index) : NULL;
}

static inline void cossl_free_certificates(STACK_OF(X509) *certificates) {
  sk_X509_pop_free(certificates, X509_free);
}

/* Frees the list and not the certificates. */
static inline void cossl_free_certificate_list(STACK_OF(X509) *certificates) {
  sk_X509_free(certificates);
}

/* Whether reading PEM failed only because the input has ended. */
static inline int cossl_is_end_of_pem(unsigned long code) {
  return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

static inline int cossl_require_tls_1_2(SSL_CTX *context) {
  return (int)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

static inline int cossl_set_server_name(SSL *connection, const char *name) {
  return (int)SSL_set_tlsext_host_name(connection, name);
}

/* Keeps the description of the last alert that the peer sent, plus 1, in the session itself. */
static inline void cossl_keep_alert(const SSL *session, int event, int value) {
  if ((event & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT) {
    SSL_set_app_data((SSL *)session, (void *)(size_t)((value & 0xff) + 1));
  }
}

static inline void cossl_keep_alerts(SSL_CTX *context) {
  SSL_CTX_set_info_callback(context, cossl_keep_alert);
}

/* The description of the last alert that the peer sent, or -1. */
static inline int cossl_received_alert(const SSL *session) {
  return (int)(size_t)SSL_get_app_data(session) - 1;
}

/* Whether the client has begun its second flight, that is, whether it has checked everything that the
   server sent before: with TLS 1.3 and with (EC)DHE that includes the server's signature. */
static inline int cossl_has_checked_server(const SSL *session) {
  switch (SSL_get_state(session)) {
    case TLS_ST_OK:
    case TLS_ST_CW_CERT:
    case TLS_ST_CW_KEY_EXCH:
    case TLS_ST_CW_CERT_VRFY:
    case TLS_ST_CW_CHANGE:
    case TLS_ST_CW_NEXT_PROTO:
    case TLS_ST_CW_FINISHED:
    case TLS_ST_CW_END_OF_EARLY_DATA:
    case TLS_ST_CR_SESSION_TICKET:
    case TLS_ST_CR_CHANGE:
    case TLS_ST_CR_FINISHED:
      return 1;
    default:
      return 0;
  }
}

/* For servers: adds an intermediate to the chain, with a reference of its own. */
static inline int cossl_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

#endif
