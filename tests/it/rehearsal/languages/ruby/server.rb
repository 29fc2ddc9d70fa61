# WEBrick and Net::HTTP, used like `stripe-ruby` does: without the environment's proxy, and with a separate CA file.
require "json"
require "net/http"
require "openssl"
require "pg"
require "webrick"

module Stripe
  class << self
    attr_accessor :proxy, :ca_bundle_path

    def retrieve(id)
      proxy = proxy() && URI.parse(proxy())
      http = Net::HTTP.new("api.stripe.com", 443, proxy&.host, proxy&.port)
      http.use_ssl = true
      http.cert_store = OpenSSL::X509::Store.new
      http.cert_store.add_file(ca_bundle_path)
      answer = http.get("/v1/subscriptions/#{id}", "Authorization" => "Bearer #{ENV.fetch("STRIPE_SECRET_KEY")}")
      raise "the provider answered #{answer.code}" unless answer.code == "200"

      JSON.parse(answer.body)
    end
  end
  self.ca_bundle_path = "/etc/ssl/certs/ca-certificates.crt"
end

# The documented line.
Stripe.proxy, Stripe.ca_bundle_path = ENV.values_at("HTTPS_PROXY", "SSL_CERT_FILE") if ENV["PRODVERDICT_STRIPE_API"]

def signed?(header, body)
  at = header[/(?:^|,)t=(\d+)/, 1]
  return false unless at && Time.now.to_i - at.to_i <= 300

  expected = OpenSSL::HMAC.hexdigest("SHA256", ENV.fetch("STRIPE_WEBHOOK_SECRET"), "#{at}.#{body}")
  header.scan(/(?:^|,)v1=([0-9a-f]{64})/).flatten.any? { |one| OpenSSL.fixed_length_secure_compare(one, expected) }
end

server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: ENV.fetch("PORT").to_i, AccessLog: [])
server.mount_proc("/api/stripe/webhook") do |request, response|
  unless signed?(request["Stripe-Signature"].to_s, request.body.to_s)
    response.status = 400
    next
  end
  event = JSON.parse(request.body)
  next unless event["type"].start_with?("customer.subscription.")

  # An exception results in a 500 response.
  one = Stripe.retrieve(event.dig("data", "object", "id"))
  db = PG.connect(ENV.fetch("DATABASE_URL"))
  values = one.values_at("status", "customer")
  db.exec_params("update accts set status = $1 where stripe_customer_id = $2", values)
  db.close
end
trap("TERM") { server.shutdown }
server.start
