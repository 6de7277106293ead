#ifndef COGNITO_CERTD_CCURL_H
#define COGNITO_CERTD_CCURL_H
#include <curl/curl.h>
#endif
