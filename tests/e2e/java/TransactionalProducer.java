import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * A producer with transactions, led by lines on stdin: begin, send TOPIC PARTITION KEY VALUE, commit, abort; words are
 * separated by tabs. Each is answered by one line, "ok" (after send with the offset) or "error" and the reason. At the
 * end of stdin it leaves without closing, so an open transaction stays open.
 */
public final class TransactionalProducer {
    private final KafkaProducer<String, String> producer;

    private TransactionalProducer(String brokers, String transactionalId, String timeoutMs) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", brokers);
        properties.put("transactional.id", transactionalId);
        properties.put("transaction.timeout.ms", timeoutMs);
        properties.put("linger.ms", "0");
        producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
        producer.initTransactions();
    }

    private String run(String[] words) throws Exception {
        switch (words[0]) {
            case "begin":
                producer.beginTransaction();
                return "";
            case "commit":
                producer.commitTransaction();
                return "";
            case "abort":
                producer.abortTransaction();
                return "";
            case "send":
                return send(words[1], Integer.parseInt(words[2]), words[3], words[4]);
            default:
                throw new IllegalArgumentException("unknown command " + words[0]);
        }
    }

    private String send(String topic, int partition, String key, String value) throws Exception {
        ProducerRecord<String, String> record =
                new ProducerRecord<>(topic, partition, key.isEmpty() ? null : key, value);
        return String.valueOf(producer.send(record).get().offset());
    }

    public static void main(String[] arguments) throws Exception {
        TransactionalProducer led = new TransactionalProducer(arguments[0], arguments[1], arguments[2]);
        System.out.println("ok");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            try {
                System.out.println("ok " + led.run(line.split("\t", -1)));
            } catch (Exception e) {
                System.out.println("error " + e);
            }
        }
        Runtime.getRuntime().halt(0);
    }
}
