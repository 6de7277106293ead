#ifndef COGNITO_CERTD_CCURL_H
#define COGNITO_CERTD_CCURL_H
#include <curl/curl.h>

/* Wrappers of libcurl's variadic functions, one for each type: Swift cannot call variadic functions. */

static inline CURLcode certd_setopt_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode certd_setopt_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode certd_setopt_string(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode certd_setopt_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode certd_setopt_copied_body(CURL *easy, const void *value) {
  return curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, value);
}

static inline CURLcode certd_setopt_headers(CURL *easy, struct curl_slist *list) {
  return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
}

typedef size_t (*certd_data_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode certd_setopt_data_callback(
    CURL *easy, CURLoption option, certd_data_callback callback) {
  return curl_easy_setopt(easy, option, callback);
}

typedef int (*certd_before_request_callback)(
    void *context, char *remote, char *local, int remote_port, int local_port);

static inline CURLcode certd_setopt_before_request(
    CURL *easy, certd_before_request_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
}

static inline CURLcode certd_getinfo_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline void *certd_getinfo_private(CURL *easy) {
  char *value = NULL;
  return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &value) == CURLE_OK ? value : NULL;
}

static inline CURLMcode certd_multi_setopt_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

static inline CURLcode certd_message_result(const CURLMsg *message) {
  return message->data.result;
}
#endif
