package images

import (
	"slices"
	"strings"
)

// official says whether docker.io/library has, or had, an image of this name: Docker's official images as of 2026.
// A bare name means one of them to everybody else.
func official(name string) bool {
	return slices.Contains(strings.Fields(`
		adminer aerospike almalinux alpine alt amazoncorretto amazonlinux api-firewall arangodb archlinux backdrop bash
		bonita buildpack-deps busybox caddy cassandra celery centos chronograf cirros clearlinux clefos clojure composer consul
		convertigo couchbase couchdb crate dart debian django docker drupal eclipse-temurin eggdrop elasticsearch elixir
		emqx erlang express-gateway fedora flink fluentd friendica gazebo gcc geonetwork ghost golang gradle groovy haproxy
		haskell haxe hello-world hitch httpd hylang ibm-semeru-runtimes ibmjava influxdb iojs irssi jenkins jetty joomla jruby
		julia kapacitor kibana kong krakend lightstreamer liquibase logstash mageia mariadb matomo maven mediawiki memcached mongo
		mongo-express monica mysql nats nats-streaming neo4j neurodebian nextcloud nginx node notary odoo open-liberty
		openjdk opensuse oraclelinux orientdb percona perl photon php phpmyadmin plone postfixadmin postgres pypy python
		r-base rabbitmq rails rakudo-star redis redmine registry rethinkdb rocket.chat rockylinux ros ruby rust sapmachine satosa scratch
		sentry silverpeas solr sonarqube spark spiped storm swarm swift swipl teamspeak telegraf thrift tomcat tomee traefik ubuntu
		unit varnish vault websphere-liberty wordpress xwiki yourls znc zookeeper
		eclipse-mosquitto`), name) //nolint:misspell // the broker is spelled so
}
