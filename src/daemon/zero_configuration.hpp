// SPDX-License-Identifier: Apache-2.0
// ContainerSSH's whole configuration with the zero value of every member, as servers written in Go send it.
#pragma once

#include <string_view>

namespace fairlead::daemon {

inline constexpr std::string_view zero_configuration =
    R"json({"ssh":{"listen":"","serverVersion":"","ciphers":null,"kex":null,"macs":null,"banner":"",)json"
    R"json("hostkeys":null,"clientAliveInterval":0,"clientAliveCountMax":0},"configserver":{"url":"",)json"
    R"json("allowRedirects":false,"timeout":0,"cacert":"","cert":"","key":"","tlsVersion":"","curves":null,)json"
    R"json("cipher":null,"transmitSensitiveMetadata":false},"auth":{"password":{"method":"",)json"
    R"json("webhook":{"url":"","allowRedirects":false,"timeout":0,"cacert":"","cert":"","key":"",)json"
    R"json("tlsVersion":"","curves":null,"cipher":null,"authTimeout":0},"kerberos":{"keytab":"","acceptor":"",)json"
    R"json("enforceUsername":false,"credentialCachePath":"","configPath":"","clockSkew":0}},)json"
    R"json("publicKey":{"method":"","webhook":{"url":"","allowRedirects":false,"timeout":0,"cacert":"",)json"
    R"json("cert":"","key":"","tlsVersion":"","curves":null,"cipher":null,"authTimeout":0}},)json"
    R"json("keyboardInteractive":{"method":"","oauth2":{"redirect":{"listen":"","key":"","cert":"",)json"
    R"json("clientcacert":"","tlsVersion":"","curves":null,"cipher":null,"webroot":""},"clientId":"",)json"
    R"json("clientSecret":"","provider":"","github":{"cacert":"","url":"","apiurl":"","cert":"","key":"",)json"
    R"json("tlsVersion":"","curves":null,"cipher":null,"enforceUsername":false,"requireOrgMembership":"",)json"
    R"json("require2FA":false,"extraScopes":null,"enforceScopes":false,"timeout":0},"oidc":{"url":"",)json"
    R"json("allowRedirects":false,"timeout":0,"cacert":"","cert":"","key":"","tlsVersion":"","curves":null,)json"
    R"json("cipher":null,"deviceFlow":false,"authorizationCodeFlow":false,"usernameField":"","redirectURI":"",)json"
    R"json("extraScopes":null,"enforceScopes":false},"generic":{"authorizeEndpointURL":"",)json"
    R"json("tokenEndpoint":{"url":"","allowRedirects":false,"timeout":0,"cacert":"","cert":"","key":"",)json"
    R"json("tlsVersion":"","curves":null,"cipher":null},"redirectURI":""},"qrCodeClients":null,)json"
    R"json("deviceFlowClients":null,"authTimeout":0}},"gssapi":{"method":"","kerberos":{"keytab":"",)json"
    R"json("acceptor":"","enforceUsername":false,"credentialCachePath":"","configPath":"","clockSkew":0}},)json"
    R"json("authz":{"method":"","webhook":{"url":"","allowRedirects":false,"timeout":0,"cacert":"","cert":"",)json"
    R"json("key":"","tlsVersion":"","curves":null,"cipher":null,"authTimeout":0}},"authTimeout":0,"url":"",)json"
    R"json("allowRedirects":false,"timeout":0,"cacert":"","cert":"","key":"","tlsVersion":"","curves":null,)json"
    R"json("cipher":null,"pubkey":false},"log":{"level":"emerg","format":"","destination":"","file":"",)json"
    R"json("syslog":{"destination":"","facility":"","tag":"","pid":false}},"metrics":{"listen":"","key":"",)json"
    R"json("cert":"","clientcacert":"","tlsVersion":"","curves":null,"cipher":null,"enable":false,"path":""},)json"
    R"json("geoip":{"provider":"","maxmind-geoip2-file":""},"audit":{"enable":false,"format":"","storage":"",)json"
    R"json("file":{"directory":""},"s3":{"local":"","accessKey":"","secretKey":"","bucket":"","region":"",)json"
    R"json("endpoint":"","cacert":"","acl":"","pathStyleAccess":false,"uploadPartSize":0,"parallelUploads":0,)json"
    R"json("metadata":{"ip":false,"username":false}},"intercept":{"stdin":false,"stdout":false,"stderr":false,)json"
    R"json("passwords":false,"forwarding":false}},"health":{"enable":false,"listen":"","key":"","cert":"",)json"
    R"json("clientcacert":"","tlsVersion":"","curves":null,"cipher":null,"client":{"url":"",)json"
    R"json("allowRedirects":false,"timeout":0,"cacert":"","cert":"","key":"","tlsVersion":"","curves":null,)json"
    R"json("cipher":null}},"security":{"defaultMode":"","forceCommand":"","env":{"mode":"","allow":null,)json"
    R"json("deny":null},"command":{"mode":"","allow":null},"shell":{"mode":""},"subsystem":{"mode":"",)json"
    R"json("allow":null,"deny":null},"forwarding":{"reverseForwardingMode":"","forwardingMode":"",)json"
    R"json("socketForwardingMode":"","socketListenMode":"","x11ForwardingMode":""},"tty":{"mode":""},)json"
    R"json("signal":{"mode":"","allow":null,"deny":null},"maxSessions":0},"backend":"",)json"
    R"json("docker":{"connection":{"host":"","cacert":"","cert":"","key":""},"execution":{"container":null,)json"
    R"json("host":null,"network":null,"platform":null,"containername":"","auth":null,"mode":"",)json"
    R"json("idleCommand":null,"shellCommand":null,"agentPath":"","disableAgent":false,"subsystems":null,)json"
    R"json("imagePullPolicy":"","exposeAuthMetadataAsEnv":false},"timeouts":{"containerStart":0,)json"
    R"json("containerStop":0,"commandStart":0,"signal":0,"window":0,"http":0}},)json"
    R"json("kubernetes":{"connection":{"host":"","path":"","username":"","password":"","serverName":"",)json"
    R"json("certFile":"","keyFile":"","cacertFile":"","cert":"","key":"","cacert":"","bearerToken":"",)json"
    R"json("bearerTokenFile":"","qps":0,"burst":0},"pod":{"metadata":{"creationTimestamp":null},)json"
    R"json("spec":{"containers":null},"consoleContainerNumber":0,"idleCommand":null,"shellCommand":null,)json"
    R"json("agentPath":"","disableAgent":false,"subsystems":null,"mode":"","createMissingPods":false,)json"
    R"json("exposeAuthMetadataAsEnv":null,"exposeAuthMetadataAsLabels":null,)json"
    R"json("exposeAuthMetadataAsAnnotations":null},"timeouts":{"podStart":0,"podStop":0,"commandStart":0,)json"
    R"json("signal":0,"window":0,"http":0}},"sshproxy":{"server":"","port":0,"usernamePassThrough":false,)json"
    R"json("username":"","password":"","privateKey":"","allowedHostKeyFingerprints":null,"ciphers":null,)json"
    R"json("kex":null,"macs":null,"hostKeyAlgos":null,"timeout":0,"clientVersion":""}})json";

// Docker's structure of a container, which is null above.
inline constexpr std::string_view zero_container =
    R"json({"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,)json"
    R"json("AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":null,"Cmd":null,)json"
    R"json("Image":"","Volumes":null,"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":null})json";

}  // namespace fairlead::daemon
