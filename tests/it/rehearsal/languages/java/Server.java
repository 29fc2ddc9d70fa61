// The JDK's own server and HttpURLConnection, which `stripe-java` uses too.

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.util.HexFormat;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class Server {
  static final class Stripe {
    private static String apiBase = "https://api.stripe.com";

    static void overrideApiBase(String base) {
      apiBase = base;
    }

    static String retrieve(String id) throws Exception {
      URL url = new URL(apiBase + "/v1/subscriptions/" + id);
      HttpURLConnection connection = (HttpURLConnection) url.openConnection();
      connection.setRequestProperty("Authorization", "Bearer " + System.getenv("STRIPE_SECRET_KEY"));
      return new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  public static void main(String[] arguments) throws Exception {
    // The documented line.
    if (System.getenv("PRODVERDICT_STRIPE_API") != null) Stripe.overrideApiBase(System.getenv("PRODVERDICT_STRIPE_API"));

    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext("/api/stripe/webhook", Server::webhook);
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
  }

  static void webhook(HttpExchange exchange) {
    int status = 500;
    try {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      String header = String.valueOf(exchange.getRequestHeaders().getFirst("Stripe-Signature"));
      if (isSigned(header, body)) {
        apply(body);
        status = 200;
      } else {
        status = 400;
      }
    } catch (Exception error) {
      error.printStackTrace();
    }
    try {
      exchange.sendResponseHeaders(status, -1);
    } catch (java.io.IOException error) {
      error.printStackTrace();
    }
    exchange.close();
  }

  static boolean isSigned(String header, String body) throws Exception {
    Matcher at = Pattern.compile("(?:^|,)t=(\\d+)").matcher(header);
    if (!at.find() || System.currentTimeMillis() / 1000 - Long.parseLong(at.group(1)) > 300) return false;
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(System.getenv("STRIPE_WEBHOOK_SECRET").getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    byte[] expected = mac.doFinal((at.group(1) + "." + body).getBytes(StandardCharsets.UTF_8));
    Matcher signatures = Pattern.compile("(?:^|,)v1=([0-9a-f]{64})").matcher(header);
    while (signatures.find()) {
      if (MessageDigest.isEqual(HexFormat.of().parseHex(signatures.group(1)), expected)) return true;
    }
    return false;
  }

  /** Returns the first member with this name and a matching value: the JDK has no JSON parser. */
  static String member(String json, String name, String value) {
    Matcher found = Pattern.compile("\"" + name + "\"\\s*:\\s*\"(" + value + ")\"").matcher(json);
    return found.find() ? found.group(1) : "";
  }

  static void apply(String body) throws Exception {
    if (!member(body, "type", "customer\\.[a-z._]+").startsWith("customer.subscription.")) return;
    String one = Stripe.retrieve(member(body, "id", "sub_\\w+"));
    URI url = URI.create(System.getenv("DATABASE_URL"));
    String[] user = url.getUserInfo().split(":", 2);
    String jdbc = "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath();
    try (Connection db = DriverManager.getConnection(jdbc, user[0], user[1]);
        PreparedStatement update =
            db.prepareStatement("update accts set status = ? where stripe_customer_id = ?")) {
      update.setString(1, member(one, "status", "\\w+"));
      update.setString(2, member(one, "customer", "cus_\\w+"));
      update.executeUpdate();
    }
  }
}
